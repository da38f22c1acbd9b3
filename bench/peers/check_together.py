"""Checks a data file with Together's checker or with frictionless: `check_together.py together|frictionless FILE [ROWS]`.

Prints one line of JSON, what was found with it. The time is that of the check alone, without imports.
"""
import json
import re
import resource
import sys
import time


def check_with_together(file):
    from together.lib.utils.files import check_file

    def check():
        report = check_file(file, purpose="eval" if file.endswith(".csv") else "fine-tune")
        if report["is_check_passed"]:
            return []
        line = report.get("line_number") or re.search(r"on line (\d+)", report["message"])
        line = int(line.group(1)) if isinstance(line, re.Match) else line
        if line and file.endswith(".csv"):
            line += 1  # it counts records without the header
        return [{"line": line or 0, "code": report["message"]}]

    return check


def check_with_frictionless(file):
    from frictionless import Checklist, Resource, system

    def check():
        with system.use_context(trusted=True):
            report = Resource(path=file).validate(Checklist(), limit_errors=1000)
        if report.errors:
            raise SystemExit(report.errors[0].message)
        errors = report.tasks[0].errors
        if any(error.type == "error" for error in errors):
            raise SystemExit(errors[0].message)  # it could not read the file at all
        return [{"line": getattr(error, "row_number", 0), "code": error.type} for error in errors]

    return check


def main():
    checker, file = sys.argv[1:3]
    check = {"together": check_with_together, "frictionless": check_with_frictionless}[checker](file)
    began, began_cpu = time.perf_counter(), time.process_time()
    found = check()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    answer = {"seconds": seconds, "cpuSeconds": cpu_seconds, "peakBytes": peak_bytes, "found": found}
    print(json.dumps(answer), flush=True)


main()
