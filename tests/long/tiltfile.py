"""Runs a Tiltfile and prints what it asked Tilt for, as JSON.

Starlark is a subset of Python, so that Python can run it where there is no Tilt. Reads
{"tiltfile", "spec", "rendered": {overlay: [object]}, "config", "subcommand"} from stdin.
"""
import json
import sys

given = json.load(sys.stdin)
calls = []


class Failed(Exception):
    pass


class Items(dict):
    """Starlark's keys(), values() and items() are lists."""

    def keys(self):
        return list(super().keys())

    def values(self):
        return list(super().values())

    def items(self):
        return list(super().items())


def starlark(value):
    if isinstance(value, dict):
        return Items((k, starlark(v)) for k, v in value.items())
    return [starlark(v) for v in value] if isinstance(value, list) else value


def recorded(name):
    def call(*args, **named):
        calls.append({"call": name, "args": list(args), "named": named})
        return {"is": name, "args": list(args)}

    return call


def fail(message):
    raise Failed(message)


class config:
    tilt_subcommand = given["subcommand"]
    define_string = recorded("define_string")
    define_string_list = recorded("define_string_list")
    parse = staticmethod(lambda: starlark(given["config"]))


config.define_string = staticmethod(config.define_string)
config.define_string_list = staticmethod(config.define_string_list)

known = [
    "version_settings", "analytics_settings", "update_settings", "allow_k8s_contexts",
    "default_registry", "k8s_yaml", "k8s_resource", "local_resource", "docker_build",
    "sync", "fall_back_on",
]
builtins = {name: recorded(name) for name in known}
builtins.update(
    __builtins__={"len": len, "list": list, "dict": dict, "range": range, "sorted": sorted},
    config=config,
    fail=fail,
    read_yaml=lambda path: starlark(given["spec"]),
    kustomize=lambda overlay: {"overlay": overlay},
    decode_yaml_stream=lambda blob: starlark(given["rendered"][blob["overlay"]]),
    TRIGGER_MODE_MANUAL="manual",
    TRIGGER_MODE_AUTO="auto",
)
try:
    exec(compile(given["tiltfile"], "Tiltfile", "exec"), builtins)
    print(json.dumps({"calls": calls}))
except Failed as failure:
    print(json.dumps({"failed": str(failure)}))
