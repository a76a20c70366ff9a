"""The prompt to start from, unchanged: what every method is compared with."""

from __future__ import annotations

from peer_job import PeerJob

if __name__ == "__main__":
    PeerJob.read().finish()
