"""Everything that can go wrong while an application is loaded or a process is set up."""


class BootstrapError(Exception):
    """The process could not be set up."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class ApplicationNotLoaded(BootstrapError):
    """The application, or something that it names, could not be imported."""


class NameCollision(ApplicationNotLoaded):
    """A package of the application has the name of one of ours, so Python would import ours."""


class UnknownService(BootstrapError):
    """The application has no service of that name."""


class NothingRuns(BootstrapError):
    """No process runs on this data folder."""


class NotRefilled(BootstrapError):
    """The broker did not get its log again."""


class DefinitionBroken(BootstrapError):
    """A definition breaks a property that `saga check` holds it to."""
