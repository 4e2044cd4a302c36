#!/usr/bin/env python3
"""Compares a server's answers with those that were recorded from Synapse.

  diff.py list    [--profile PROFILE] [--only REGEX]
  diff.py compare --target TARGET [--profile PROFILE] [--only REGEX] [--json FILE] [-v]
  diff.py record  [--profile PROFILE] [--only REGEX]     records Synapse's answers again

TARGET is cmd:'COMMAND', url:http://127.0.0.1:8008 (with --profile), or synapse.
`compare` exits with 0 only if every selected scenario passes.
"""

import argparse
import concurrent.futures
import glob
import importlib.util
import json
import os
import re
import sys

import target as targets
from runner import scenario
from runner.compare import compare
from runner.stubs import Stubs

HERE = os.path.dirname(os.path.abspath(__file__))


def load():
    for file in sorted(glob.glob(f"{HERE}/scenarios/*.py")):
        name = "scenarios_" + os.path.basename(file)[:-3]
        spec = importlib.util.spec_from_file_location(name, file)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    names = [it.name for it in scenario.REGISTERED]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"two scenarios with the same name: {sorted(twice)}")
    return scenario.REGISTERED


def select(args):
    return [
        it
        for it in load()
        if (not args.only or re.search(args.only, it.name)) and (not args.profile or it.profile == args.profile)
    ]


def recording_path(profile):
    return f"{HERE}/recordings/{profile}.json"


def recordings(profile):
    """The recorded answers of a profile: scenario name -> recording."""
    if not os.path.exists(recording_path(profile)):
        return {}
    with open(recording_path(profile)) as file:
        return json.load(file)


def run(target, scenarios, jobs):
    """Runs the scenarios, profile by profile -> scenario name -> what happened."""
    results = {}
    stubs = Stubs().start()
    try:
        for profile in dict.fromkeys(it.profile for it in scenarios):
            mine = [it for it in scenarios if it.profile == profile]
            try:
                base_url = target.start(profile, stubs)
            except Exception as error:
                print(f"!! profile {profile}: the server did not start: {error}", flush=True)
                for it in mine:
                    results[it.name] = {"steps": [], "aborted": "the server did not start"}
                continue
            try:
                env = scenario.Env(base_url, stubs.url, profile)
                with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
                    runs = {it.name: pool.submit(scenario.run_one, env, it) for it in mine}
                results.update((name, it.result()) for name, it in runs.items())
            finally:
                target.stop()
            print(f"   profile {profile}: {len(mine)} scenarios", flush=True)
    finally:
        stubs.stop()
    return results


def cmd_list(args):
    for it in select(args):
        print(f"{it.profile:16} {it.name}  {it.description.splitlines()[0] if it.description else ''}")
    return 0


def keep_looseness(before, now):
    """How strictly a step is compared is part of its recording, and written by hand."""
    for old, new in zip(before["steps"] if before else [], now["steps"], strict=False):
        if "loose" in old and old["label"] == new["label"]:
            new["loose"] = old["loose"]


def cmd_record(args):
    scenarios = select(args)
    results = run(targets.SynapseTarget(), scenarios, args.jobs)
    aborted = 0
    for profile in dict.fromkeys(it.profile for it in scenarios):
        mine = [it.name for it in scenarios if it.profile == profile]
        recorded = recordings(profile) if args.only else {}
        before = recordings(profile)
        for name in mine:
            recorded[name] = results[name]
            keep_looseness(before.get(name), results[name])
            if "aborted" in results[name]:
                aborted += 1
                print(f"   {name}: {results[name]['aborted']}")
        with open(recording_path(profile), "w") as file:
            json.dump(recorded, file, indent=1)
            file.write("\n")
    print(f"recorded {len(scenarios)} scenarios, {aborted} were aborted")
    return 0


def unknown_recordings(args, scenarios):
    """Recordings without a scenario, when everything is compared."""
    if args.only or args.profile:
        return []
    names = {it.name for it in scenarios}
    profiles = [os.path.basename(file)[:-5] for file in glob.glob(recording_path("*"))]
    return sorted(name for profile in profiles for name in recordings(profile) if name not in names)


def cmd_compare(args):
    scenarios = select(args)
    for name in unknown_recordings(args, scenarios):
        raise SystemExit(f"{name} is recorded, but there is no such scenario")
    target = targets.make(args.target, args.profile)
    results = run(target, scenarios, args.jobs)
    recorded = {profile: recordings(profile) for profile in {it.profile for it in scenarios}}
    report = []
    for it in scenarios:
        expected = recorded[it.profile].get(it.name)
        if expected is None:
            failures, notes = [("start", ["there is no recording of this scenario"])], []
        else:
            failures, notes = compare(it.name, expected, results[it.name], is_synapse=args.target == "synapse")
        result = "fail" if failures else "pass"
        if failures or args.verbose:
            print(f"{result.upper():4} {it.name} ({it.profile})")
        for mark, found in (("  ", failures), ("i ", notes if args.verbose else [])):
            for label, lines in found:
                for line in lines:
                    print(f"     {mark}{label}: {line}")
        report.append({"name": it.name, "profile": it.profile, "result": result, "failures": failures})
    failed = sum(it["result"] == "fail" for it in report)
    print(f"\n{target.name}: {len(report) - failed} scenarios pass, {failed} fail")
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"scenarios": report}, file, indent=1)
    return 0 if report and not failed else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("list", cmd_list), ("compare", cmd_compare), ("record", cmd_record)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("--profile", help="only the scenarios of this configuration profile")
        command.add_argument("--only", help="only the scenarios whose names match this regular expression")
        command.add_argument("--jobs", type=int, default=4, help="how many scenarios run at once")
        if name == "compare":
            command.add_argument("--target", required=True)
            command.add_argument("--json", help="write a report to this file")
            command.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    return args.function(args)


if __name__ == "__main__":
    sys.exit(main())
