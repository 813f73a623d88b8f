"""Looks at the API's reference in a headless Chromium: ADDRESS SCREENSHOT

Prints what the page asked for and what it complained of, as JSON. The operations and one of them, opened, have to be there.
"""

import json
import shutil
import sys

from playwright.sync_api import sync_playwright


def main(address, screenshot):
    requests, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1800})
        page.on("request", lambda request: requests.append(request.url))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.goto(address)
        page.wait_for_selector(".opblock")
        page.locator("#operations-Customers-create_customer .opblock-summary-control").first.click()
        page.wait_for_selector("#operations-Customers-create_customer .responses-table")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=screenshot)
        found = {
            "requests": requests,
            "complaints": complaints,
            "operations": page.locator(".opblock").count(),
            "inputs_for_keys": page.locator(".authorize, .try-out").count(),
        }
        browser.close()
    print(json.dumps(found))


main(*sys.argv[1:])
