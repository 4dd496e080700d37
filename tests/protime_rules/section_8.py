from __future__ import annotations

from tests.protime_rules.rule import CLIENT, PROCESSOR, SIMULATOR, Rule

RULES = (
    Rule("8.1-collections", CLIENT | SIMULATOR, "Eighteen collections have webhooks."),
    Rule("8.1-unknown", SIMULATOR, "Any other collection is 400."),
    Rule("8.1-one-collection", SIMULATOR, "A webhook tells of one collection."),
    Rule(
        "8.2-body", CLIENT | SIMULATOR, "A creation names destinationUrl and collectionName, both required."
    ),
    Rule("8.2-https", CLIENT | SIMULATOR, "The destination is https."),
    Rule("8.2-created", CLIENT | SIMULATOR, "The answer is 201 with Location, key and validUntil."),
    Rule("8.2-key-once", SIMULATOR | PROCESSOR, "The key is shown once. It is kept, encrypted."),
    Rule("8.2-key-name", CLIENT | SIMULATOR, "The key may stand under several names.", choice=25),
    Rule(
        "8.2-no-key",
        CLIENT | PROCESSOR,
        "A webhook whose key was not found is deleted and not used, and a person is told.",
        choice=25,
    ),
    Rule("8.2-no-test-call", SIMULATOR, "Creation brings no test call.", choice=26),
    Rule(
        "8.2-several",
        SIMULATOR | PROCESSOR,
        "Several webhooks of a collection each get every event; the copies are recognised.",
        choice=27,
    ),
    Rule(
        "8.2-references",
        CLIENT | SIMULATOR | PROCESSOR,
        "Payloads carry the external references asked for at the creation; for others a new webhook is made.",
    ),
    Rule(
        "8.2-lost-answer",
        CLIENT | PROCESSOR,
        "A creation whose answer was lost leaves a webhook without a key: it is found and removed.",
    ),
    Rule("8.3-valid-until", CLIENT | SIMULATOR, "validUntil is a time with an offset."),
    Rule(
        "8.3-status",
        CLIENT | SIMULATOR | PROCESSOR,
        "A webhook is Enabled or Disabled; older pages add Uninitialized: it does not deliver yet.",
    ),
    Rule("8.3-references", SIMULATOR, "It names its references by collection.", choice=28),
    Rule("8.4-list", CLIENT | SIMULATOR, "Webhooks are listed in value, with a filter or without."),
    Rule("8.4-single", CLIENT | SIMULATOR, "One webhook is read by its id."),
    Rule(
        "8.4-soft-delete",
        SIMULATOR,
        "A deleted webhook delivers nothing more; its events can still be looked at.",
    ),
    Rule(
        "8.4-delete-status", CLIENT | SIMULATOR, "A deletion answers 204; any 2xx and 404 will do.", choice=29
    ),
    Rule(
        "8.4-deleted",
        CLIENT | SIMULATOR,
        "A deleted webhook is not listed; by its id it is Disabled.",
        choice=30,
    ),
    Rule("8.4-no-change", SIMULATOR, "A webhook can be neither extended nor enabled again."),
    Rule("8.4-debugging", SIMULATOR, "Events and attempts of a webhook can be looked at.", choice=31),
    Rule("8.5-one-post", SIMULATOR | PROCESSOR, "Each event is one POST to the destination."),
    Rule("8.5-item", SIMULATOR | PROCESSOR, "Its body is an item of a delta."),
    Rule(
        "8.5-envelope",
        SIMULATOR | PROCESSOR,
        'The body is one object; an array and {"value": [...]} are understood.',
        choice=32,
    ),
    Rule(
        "8.5-own-path",
        PROCESSOR,
        "The body names no collection: every subscription has its own path and key.",
    ),
    Rule(
        "8.5-whole",
        SIMULATOR | PROCESSOR,
        "The event holds the whole record; no call is needed to learn the state.",
    ),
    Rule("8.5-own-writes", SIMULATOR, "Writes through the API come back as events."),
    Rule("8.5-fan-out", SIMULATOR, "One action can cause events of several collections."),
    Rule("8.5-counter-groups", SIMULATOR, "Saving one counter group tells of all of them."),
    Rule("8.5-duplicates", SIMULATOR | PROCESSOR, "An event may come twice."),
    Rule("8.5-disorder", SIMULATOR | PROCESSOR, "Events may come in another order."),
    Rule("8.5-silence", SIMULATOR | PROCESSOR, "An event may not come at all: the delta finds the change."),
    Rule("8.5-json", SIMULATOR, "An event says that it is JSON."),
    Rule(
        "8.6-signed",
        SIMULATOR | PROCESSOR,
        "Every event is signed with the key, and an event without a good signature is 401.",
        choice=33,
    ),
    Rule(
        "8.6-bytes", SIMULATOR | PROCESSOR, "The signed message is the body as sent, byte by byte.", choice=33
    ),
    Rule("8.6-header", SIMULATOR | PROCESSOR, "The name of the header is a setting.", choice=33),
    Rule("8.6-algorithm", SIMULATOR | PROCESSOR, "The hash is a setting; sha256 unless told.", choice=33),
    Rule(
        "8.6-encoding",
        SIMULATOR | PROCESSOR,
        "base64 and hexadecimal are understood, with a prefix naming the hash or without.",
        choice=33,
    ),
    Rule(
        "8.6-key-bytes",
        SIMULATOR | PROCESSOR,
        "The key is its text in UTF-8, or base64 when told.",
        choice=33,
    ),
    Rule("8.6-before-content", PROCESSOR, "Nothing is said about a body before its signature is good."),
    Rule(
        "8.7-success",
        SIMULATOR | PROCESSOR,
        "Only a 2xx is a success; 202 is said when the change is stored.",
    ),
    Rule(
        "8.7-refusals",
        PROCESSOR,
        "An unknown path is 404; a store that cannot write is 503 with Retry-After, so that the event comes again.",
    ),
    Rule("8.7-time-limit", SIMULATOR | PROCESSOR, "A delivery waits ten seconds for its answer.", choice=34),
    Rule("8.7-redirects", SIMULATOR, "A redirect is not followed.", choice=34),
    Rule("8.8-retries", SIMULATOR, "A failed delivery is tried again after set intervals.", choice=35),
    Rule(
        "8.8-disabled",
        SIMULATOR | PROCESSOR,
        "When they are used up the webhook is Disabled: it is replaced.",
        choice=35,
    ),
    Rule(
        "8.8-overtaking",
        SIMULATOR | PROCESSOR,
        "A retry holds nothing back: later events overtake.",
        choice=36,
    ),
    Rule("8.8-pending", SIMULATOR, "What is pending when a webhook ends is dropped.", choice=36),
    Rule(
        "8.9-validity",
        CLIENT | SIMULATOR | PROCESSOR,
        "A webhook ends at validUntil, which is read and not assumed.",
        choice=37,
    ),
    Rule(
        "8.9-watch",
        SIMULATOR | PROCESSOR,
        "Nobody tells that a webhook ended: the list is looked at regularly.",
    ),
    Rule("8.9-no-gap", PROCESSOR, "The new webhook accepts before the old one is deleted."),
    Rule(
        "8.9-sync",
        PROCESSOR,
        "A webhook that is new, or replaces a dead one, calls for a complete load; a renewed one in time does not.",
    ),
    Rule(
        "8.9-absence",
        PROCESSOR,
        "A deletion seen by absence is told only after a complete list and a 404 of the record.",
    ),
)
