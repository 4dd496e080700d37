"""What changes an assumption: settings of the simulator, and settings of `shiftwire.yaml` or the product's attitude."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Choice:
    """`product` are settings of a tenant or of the whole file; `does`: what the product does whatever is right."""

    simulator: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    does: str = ""


CHOICES = MappingProxyType(
    {
        1: Choice(("require_user_agent",), does="always sends one"),
        2: Choice(
            ("token_status",), does="takes 400 and 401 for a wrong configuration, 429 and 5xx for trouble"
        ),
        3: Choice(("webhook_scopes",), does="asks for all that any page names"),
        4: Choice(does="doubles it"),
        5: Choice(does="writes lower case"),
        6: Choice(does="needs no filter"),
        7: Choice(("max_range_days",), does="refuses a longer range before it is sent"),
        8: Choice(("page_size",), does="reads pages of any size"),
        9: Choice(("continuation_life_seconds",), does="begins the list again after a 409"),
        10: Choice(does="relies on no order"),
        11: Choice(does="uses ids"),
        12: Choice(does="shows the items, decides nothing by them"),
        13: Choice(does="shows the code, decides nothing by it"),
        14: Choice(("rate_limit_per_minute", "retry_after_seconds"), ("requests_per_minute",)),
        15: Choice(("put_clears_omitted",), does="writes back all it has read"),
        16: Choice(does="shows the reasons"),
        17: Choice(does="shows the reasons"),
        18: Choice(does="tells it as Protime does"),
        19: Choice(does="recognises what comes again"),
        20: Choice(("second_delta", "delta_per"), does="begins anew after a 410"),
        21: Choice(does="takes any number of changes of a record"),
        22: Choice(does="tells it as a mistake of the request"),
        23: Choice(does="skips it"),
        24: Choice(does="takes it"),
        25: Choice(("webhook_key_property",), ("webhook_key_names",)),
        26: Choice(does="would refuse one without harm"),
        27: Choice(does="recognises duplicates"),
        28: Choice(does="does not read it"),
        29: Choice(("webhook_delete_status",), does="takes any 2xx and 404"),
        30: Choice(does="reads the list only"),
        31: Choice(("event_history",), does="does not use them"),
        32: Choice(("envelope",), does="accepts all three"),
        33: Choice(
            (
                "signature_header",
                "signature_algorithm",
                "signature_encoding",
                "signature_prefix",
                "signature_key_encoding",
            ),
            ("signature.header", "signature.algorithm", "signature.key_encoding"),
            "accepts base64 and hex, with a prefix or without",
        ),
        34: Choice(("delivery_timeout_seconds",), does="answers in milliseconds"),
        35: Choice(("retry_seconds", "retry_time_factor"), does="answers 503 and lets it come again"),
        36: Choice(
            ("reorder_probability", "delivery_concurrency"), does="makes the order by `changeVersion`"
        ),
        37: Choice(("webhook_validity_seconds",), ("subscriptions.renew_at",), "reads `validUntil`"),
        38: Choice(does="takes null and absent for the same"),
        39: Choice(does="refuses it before it is sent"),
        40: Choice(does="passes on what comes"),
    }
)
