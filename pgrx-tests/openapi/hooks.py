"""What schemathesis cannot know from docs/openapi.json: numbers with check digits, ids of things that exist, and what may happen.

`exceptions.json` lists refusals of requests that the document takes, by the beginning of their message and each with its reason. Nothing else is excused: no status
that the document does not have, no answer of another form, no acceptance of what the document refuses.
"""

import atexit
import collections
import datetime
import json
import os
import pathlib
import sys
import urllib.request

import schemathesis
from hypothesis import strategies

THIS_YEAR = datetime.date.today().year
EXCEPTIONS = json.loads(pathlib.Path(__file__).with_name("exceptions.json").read_text())
COUNTS = collections.Counter()
DOCUMENT = json.loads((pathlib.Path(__file__).parents[2] / "docs/openapi.json").read_text())
COUNTRIES = set(DOCUMENT["components"]["schemas"]["Country"]["enum"]) - {"DE", "US"}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the failures that are exceptions."""
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    try:
        error = response.json()["error"]
        message = error["message"]
        begins = [
            exception["message"]
            for exception in EXCEPTIONS
            if (exception["status"], exception["code"]) == (response.status_code, error["code"])
            and message.startswith(exception["message"])
        ]
    except (KeyError, TypeError, ValueError):
        return True
    COUNTS.update(begins)
    return not begins


@schemathesis.hook
def filter_case(context, case):
    """With VAULT_FEW_COUNTRIES, only two of the 249 countries are tried one by one."""
    one_by_one = case.meta is not None and case.meta.phase.name.value == "coverage"
    return not (one_by_one and os.environ.get("VAULT_FEW_COUNTRIES") and has_other_country(case.body))


def has_other_country(value):
    if isinstance(value, dict):
        countries = [value.get(name) for name in ("country", "card_issuing_country")]
        is_other = any(country in COUNTRIES for country in countries if isinstance(country, str))
        return is_other or any(map(has_other_country, value.values()))
    return isinstance(value, list) and any(map(has_other_country, value))


@atexit.register
def report():
    """How often each exception was needed."""
    for message, count in COUNTS.most_common():
        print(f"{count:8} excused: {message}", file=sys.stderr)


def with_luhn_digit(digits):
    """ISO/IEC 7812-1, annex B."""
    doubled = [int(digit) * 2 for digit in digits[::-2]]
    total = sum(value // 10 + value % 10 for value in doubled) + sum(map(int, digits[-2::-2]))
    return digits + str(-total % 10)


def with_aba_digit(digits):
    total = sum(int(digit) * weight for digit, weight in zip(digits, [3, 7, 1, 3, 7, 1, 3, 7]))
    return digits + str(-total % 10)


def digits(shortest, longest):
    return strategies.text("0123456789", min_size=shortest, max_size=longest)


def years():
    years = [str(THIS_YEAR + later) for later in range(1, 20)]
    return strategies.sampled_from(years + [year[2:] for year in years])


def create(path, body):
    request = urllib.request.Request(
        os.environ["VAULT_URL"] + "/v2" + path,
        data=json.dumps(body).encode(),
        headers={
            "api-key": os.environ["VAULT_REVEAL_API_KEY"],
            "x-profile-id": os.environ["VAULT_PROFILE_ID"],
        },
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["id"]


def create_payment_method(customer, number):
    card = {"card_number": with_luhn_digit(number), "card_exp_month": "12", "card_exp_year": str(THIS_YEAR + 3)}
    return create(
        "/payment-methods",
        {
            "payment_method_type": "card",
            "customer_id": customer,
            "payment_method_data": {"card": card},
            "network_tokenization": {"enable": "Enable"},
        },
    )


CUSTOMERS = [create("/customers", {"name": "A", "email": "a@b"}) for _ in range(20)]
METHODS = [create_payment_method(customer, f"4111111{place:08}") for place, customer in enumerate(CUSTOMERS)]

schemathesis.openapi.format("card-number", digits(7, 18).map(with_luhn_digit))
schemathesis.openapi.format("card-expiry-year", years())
schemathesis.openapi.format("aba-routing-number", digits(8, 8).map(with_aba_digit))
schemathesis.openapi.format("customer-id", strategies.sampled_from(CUSTOMERS))
schemathesis.openapi.format("payment-method-id", strategies.sampled_from(METHODS))
