"""How long a sink that wants the net change lets the events of a record wait for one another."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Collapse(BaseModel):
    """Events of a record become one as soon as nothing more came for a while, at the latest so long after the first."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    quiet_seconds: float = Field(
        default=60, gt=0, le=86_400, description="an event waits until its record was quiet for so long"
    )
    max_wait_seconds: float = Field(
        default=600, gt=0, le=86_400, description="but for no longer than this after the first"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_wait_seconds < self.quiet_seconds:
            raise ValueError("max_wait_seconds must not be smaller than quiet_seconds")
        return self
