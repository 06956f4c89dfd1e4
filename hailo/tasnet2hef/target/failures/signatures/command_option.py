"""An option that this version of the vendor's command line does not have."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="command-option",
    patterns=(r"unrecognized arguments",),
    cause="the vendor's command line of this version does not know the option",
    fix="`hailo optimize` takes --output-har-path; this driver calls the Python interface and needs none of it",
    evidence=Evidence(source="public log", grade="recorded", version="3.33.0"),
    commands=(next_commands.AGAIN,),
)
