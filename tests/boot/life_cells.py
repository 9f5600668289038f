# SPDX-License-Identifier: GPL-2.0-only
"""Cells that run inmates/tests/heart.c: what they do, and what their configs say about it. For test_lifecycle.py."""

# As in heart.c.
END_NEVER, END_HANG, END_PANIC, END_OFF, END_RESET, END_FAULT, END_CPU_OFF, END_GARBAGE = range(8)
ANSWER_NONE, ANSWER_STOPPED, ANSWER_OFF = range(3)


def heart(end: int = END_NEVER, beats: int = 50, answer: int = ANSWER_STOPPED, ready: int = 0, **config) -> dict:
    """Keys of a cell's config. A beat takes 20 ms."""
    return {"comm": True, "bootargs": f"end={end} beats={beats} answer={answer} ready={ready}", **config}


HEARTS = {
    "heart-ready": heart(ready=1500),
    "heart-deaf": heart(answer=ANSWER_NONE),
    "heart-off": heart(answer=ANSWER_OFF, restart="always"),
    "heart-watched": heart(watchdog=500),
    "heart-hang": heart(END_HANG, watchdog=500),
    "heart-stuck": heart(END_NEVER, ready=100000, watchdog=500),
    "heart-cpu-off": heart(END_CPU_OFF, watchdog=500),
    "heart-garbage": heart(END_GARBAGE, watchdog=500),
    "heart-panic": heart(END_PANIC, restart={"policy": "on-failure", "times": 3, "seconds": 600}),
    "heart-quits": heart(END_OFF, restart="on-failure"),
    "heart-always": heart(END_OFF, restart={"policy": "always", "times": 2, "seconds": 600}),
    "heart-reset": heart(END_RESET, restart={"policy": "on-failure", "times": 1, "seconds": 600}),
}
