"""The one kind of error that is meant for people."""


class GeoLIDError(Exception):
    """Something a user can put right.

    Its message says where it is, what was found, what was expected and what to do. The commands in `geolid.bin`
    print it without a traceback; everything else that is raised is a bug of ours.
    """
