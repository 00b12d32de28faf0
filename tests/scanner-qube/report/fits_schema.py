#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fits_schema.py SCHEMA FILE: for each line of FILE, "fits", or why it does not.

By somebody else's reader of JSON and of schemas. A line that fits is also the text that Python would
write: sorted members, no blanks.
"""
import json
import sys

import jsonschema


def judge(validator, line):
    try:
        value = json.loads(line)
    except ValueError as error:
        return f"no JSON: {error}"
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if error is not None:
        return f"{error.json_path}: {error.message}"[:300].replace("\n", " ")
    if json.dumps(value, sort_keys=True, separators=(",", ":")) != line:
        return "another text of the same value"
    return "fits"


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    with open(sys.argv[2], encoding="ascii") as file:
        for line in file.read().splitlines():
            print(judge(validator, line))


main()
