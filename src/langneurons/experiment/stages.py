"""The sections of a configuration that only some experiments have."""

from langneurons.experiment.alignment import Alignment, Translation
from langneurons.experiment.components import ComponentDeactivation, Enhancement
from langneurons.experiment.configuration import Configuration
from langneurons.experiment.doses import Doses
from langneurons.experiment.interventions import Deactivation, Steering
from langneurons.experiment.knowledge import Knowledge
from langneurons.experiment.made import alignment_of
from langneurons.experiment.retrieval import Retrieval
from langneurons.experiment.sharing import Sharing


class Sections:
    """What to ask for where the configuration says that it is there."""

    config: Configuration

    @property
    def alignment(self) -> Alignment:
        """How models are aligned."""
        return alignment_of(self.config)

    @property
    def translator(self) -> Translation:
        """The translation model that scores samples."""
        assert self.alignment.translation is not None
        return self.alignment.translation

    @property
    def deactivation(self) -> Deactivation:
        """How neurons are switched off."""
        assert self.config.deactivation is not None
        return self.config.deactivation

    @property
    def steering(self) -> Steering:
        """How models are steered."""
        assert self.config.steering is not None
        return self.config.steering

    @property
    def doses(self) -> Doses:
        """How many first neurons are switched off."""
        assert self.config.doses is not None
        return self.config.doses

    @property
    def component_deactivation(self) -> ComponentDeactivation:
        """How neurons are switched off by component and stage."""
        assert self.config.component_deactivation is not None
        return self.config.component_deactivation

    @property
    def enhancement(self) -> Enhancement:
        """How neurons are trained alone."""
        assert self.config.enhancement is not None
        return self.config.enhancement

    @property
    def retrieval(self) -> Retrieval:
        """How partners are looked for among parallel texts."""
        assert self.config.retrieval is not None
        return self.config.retrieval

    @property
    def knowledge(self) -> Knowledge:
        """How facts are attributed to neurons."""
        assert self.config.knowledge is not None
        return self.config.knowledge

    @property
    def sharing(self) -> Sharing:
        """How neurons are classed by the languages that share them."""
        assert self.config.sharing is not None
        return self.config.sharing
