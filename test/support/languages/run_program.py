"""Runs the Pulumi program in the current folder, for the engine and the stack that the one argument describes."""

import asyncio
import json
import logging
import os
import runpy
import sys

import pulumi
from pulumi import runtime

told = json.loads(sys.argv[1])
runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
runtime.configure(
    runtime.Settings(
        project=told["project"],
        stack=told["stack"],
        organization=told["organization"],
        parallel=told["parallel"],
        dry_run=told["dryRun"],
        monitor=told["monitor"],
        engine=told["engine"],
        root_directory=os.getcwd(),
    )
)
# A program that fails leaves work undone, of which asyncio would speak at length.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)
sys.argv = ["__main__.py"]
sys.path.insert(0, os.getcwd())
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
try:
    loop.run_until_complete(
        runtime.run_in_stack(lambda: runpy.run_path("__main__.py", run_name="__main__"))
    )
except pulumi.RunError as error:
    pulumi.log.error(str(error))
    sys.exit(1)
finally:
    sys.stdout.flush()
    sys.stderr.flush()
