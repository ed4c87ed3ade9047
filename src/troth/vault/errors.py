"""What can be wrong with sealed data; each has its own error, because each asks for something else."""

from troth.kernel import Corrupt, NotFound, Refused


class NotPermitted(Refused):
    """The vault was asked for more than the decision allows; a fault of the caller, caught in depth."""

    code = "not-permitted"


class KeyMissing(NotFound):
    """There is no key for this person and key group: it was erased, or the key store is not the one of this data."""

    status = 410
    code = "key-missing"


class KeyTampered(Corrupt):
    """A wrapped key was changed, or moved to another person, key group or generation."""

    code = "key-tampered"


class Tampered(Corrupt):
    """Sealed bytes were changed since they were written."""

    code = "tampered"


class MovedPerson(Corrupt):
    """Sealed bytes are genuine, but belong to another person."""

    code = "moved-person"


class MovedField(Corrupt):
    """Sealed bytes are genuine, but belong to another field."""

    code = "moved-field"


class MovedVersion(Corrupt):
    """Sealed bytes are genuine, but were sealed under another policy version or format."""

    code = "moved-version"


class WrongRoot(Corrupt):
    """The root key does not open this key store."""

    code = "wrong-root"
