"""Compares what a scenario did with its recording.

A recorded step may say how strictly it is compared, in "loose":
    noheaders    everything but the headers
    status       the status alone
    class        the class of the status (2xx, 4xx …)
    any          any answer below 500
    may_refuse   the same answer or a refusal, after which nothing more is compared
A recorded 500 is an accident of Synapse: any refusal will do.
"""

from . import decided

# More than what is recorded is fine here.
SUPERSET = {"access-control-allow-methods", "access-control-allow-headers"}
# Differences are reported as notes, not as failures.
NOT_COMPARED = {"access-control-expose-headers", "content-security-policy", "x-frame-options", "allow"}
# These may be there although Synapse sends none.
MAY_BE_ADDED = {"cache-control", "content-type", "access-control-allow-origin", *SUPERSET}


def is_refusal(status):
    """A considered "no" to a bad input."""
    return 400 <= status < 500 and status not in (404, 405, 429)


def compare_values(expected, found, path):
    """-> differences"""
    if isinstance(expected, dict) and isinstance(found, dict):
        differences = []
        for key in expected:
            if key in found:
                differences += compare_values(expected[key], found[key], f"{path}.{key}")
            else:
                differences.append(f"{path}.{key} is missing")
        return differences + [f"{path}.{key} is unexpected" for key in found if key not in expected]
    if isinstance(expected, list) and isinstance(found, list):
        if path.endswith(".completed") and all(isinstance(it, str) for it in expected + found):
            expected, found = sorted(expected), sorted(found)  # the order is the database's
        if len(expected) != len(found):
            return [f"{path}: {len(expected)} items expected, {len(found)} found"]
        pairs = enumerate(zip(expected, found, strict=True))
        return [it for i, (a, b) in pairs for it in compare_values(a, b, f"{path}[{i}]")]
    if expected == "<str>":
        return [] if isinstance(found, str) else [f"{path}: a string expected, {found!r} found"]
    if expected == "<int>":
        return [] if found == "<int>" else [f"{path}: a number expected, {found!r} found"]
    if type(expected) is not type(found) or expected != found:
        return [f"{path}: {str(expected)[:160]!r} expected, {str(found)[:160]!r} found"]
    return []


def is_same_header(name, expected, found):
    if expected is None or found is None:
        return expected == found or (expected is None and name in MAY_BE_ADDED)
    if name in SUPERSET:

        def items(value):
            return {it.strip().lower() for it in value.split(",")}

        return items(expected) <= items(found)
    if name == "content-type":
        if expected.split(";")[0] == found.split(";")[0] == "application/json":
            return True
        return expected.lower().replace(" ", "") == found.lower().replace(" ", "")
    return expected == found


def compare_headers(expected, found):
    """-> (failures, notes)"""
    failures, notes = [], []
    for name in sorted(set(expected) | set(found)):
        a, b = expected.get(name), found.get(name)
        if not is_same_header(name, a, b):
            difference = f"header {name}: {a!r} expected, {b!r} found"
            (notes if name in NOT_COMPARED else failures).append(difference)
    return failures, notes


def compare_step(expected, found):
    """-> (failures, notes)"""
    # Labels begin with the number of the step.
    if expected["label"].split(" ", 1)[1] != found["label"].split(" ", 1)[1]:
        return [f"step {expected['label']!r} expected, {found['label']!r} made"], []
    if "note" in expected:
        return compare_values(expected["note"], found.get("note"), "note"), []
    loose, wanted, status = expected.get("loose"), expected["status"], found["status"]
    notes = [] if wanted == status else [f"status {wanted} recorded, {status} found"]
    if loose == "any":
        passes = 200 <= status < 500 or status == wanted
        return ([] if passes else [f"status {status}: an answer below 500 expected"]), notes
    if wanted == 500:
        passes = is_refusal(status) or status == 500
        return ([] if passes else [f"status {status}: a refusal (4xx, not 404, 405 or 429) expected"]), notes
    if loose == "class":
        passes = wanted // 100 == status // 100 and (status not in (404, 405) or wanted in (404, 405))
        return ([] if passes else [f"status {wanted} or alike expected, {status} found"]), notes

    failures = [] if wanted == status else [f"status {wanted} expected, {status} found ({found.get('errcode')})"]
    if loose == "status":
        return failures, []
    if expected.get("errcode") != found.get("errcode"):
        failures.append(f"errcode {expected.get('errcode')} expected, {found.get('errcode')} found")
    if not failures:
        failures += compare_values(expected.get("body"), found.get("body"), "body")
    for probe, there in expected.get("probes", {}).items():
        if found.get("probes", {}).get(probe) != there:
            failures.append(f"probe {probe!r}: {there} expected")
    wrong, noted = compare_headers(expected.get("headers", {}), found.get("headers", {}))
    if loose == "noheaders":
        return failures, wrong + noted
    return failures + wrong, noted


def compare(name, expected, found, is_synapse):
    """The recording and the run of a scenario -> (failures, notes), each a list of (label, lines).

    Synapse itself is not held to the decided departures (`decided.py`).
    """
    failures, notes = [], []
    for number, step in enumerate(expected["steps"], 1):
        label = step["label"]
        if number > len(found["steps"]):
            why = ": " + found["aborted"] if found.get("aborted") else ""
            failures.append((label, ["not reached" + why]))
            break
        made = found["steps"][number - 1]
        decision = None if is_synapse else decided.find(name, number)
        if decision:
            statuses, errcodes, reason = decision
            if made.get("status") in statuses and made.get("errcode") in errcodes:
                notes.append((label, [f"departs as decided ({reason}); the rest is not compared"]))
            else:
                wanted = f"{sorted(statuses)} {sorted(errcodes)} decided ({reason})"
                failures.append((label, [f"{wanted}, {made.get('status')} {made.get('errcode')} found"]))
            return failures, notes
        wrong, noted = compare_step(step, made)
        if wrong and step.get("loose") == "may_refuse" and is_refusal(made.get("status", 0)):
            notes.append((label, [f"refused with {made['status']}; the rest is not compared"]))
            return failures, notes
        if wrong:
            failures.append((label, wrong))
        if noted:
            notes.append((label, noted))
    if len(found["steps"]) > len(expected["steps"]):
        failures.append((found["steps"][len(expected["steps"])]["label"], ["a step more than recorded"]))
    if found.get("aborted") and not failures and not expected.get("aborted"):
        failures.append(("end", [found["aborted"]]))
    return failures, notes
