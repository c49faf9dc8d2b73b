"""What tests of the pages share."""

NAMES = ("chromium", "chromium-browser", "google-chrome")
LANGUAGES = ("en", "zh")
PATIENCE = 30_000  # ms; a busy machine fails no test
SEND = {"en": "Send", "zh": "发送"}
STOP = {"en": "Stop", "zh": "停止"}


def send(page, text, language="en"):
    page.locator("textarea").fill(text)
    page.get_by_role("button", name=SEND[language]).click()


def written(page):
    """Wait for the end of the reply, and return it."""
    page.locator("form.say .send").wait_for(state="visible")
    return page.locator(".message.assistant").last
