"""Serves localstripe at an address and a port, for as long as the standard input is open.

Two things differ from the program of that name. It keeps nothing on the disk. And it takes a card without a CVC, as
Stripe does: the vault never sends one.
"""

import os
import socket
import sys
import threading

from aiohttp import web
from localstripe import resources, server


def take_cards_without_code():
    original = resources.PaymentMethod.__init__

    def made(self, type=None, card=None, **others):
        if isinstance(card, dict):
            card.setdefault('cvc', '000')
        original(self, type=type, card=card, **others)

    resources.PaymentMethod.__init__ = made


def end_with_standard_input():
    sys.stdin.read()
    os._exit(0)


resources.Store.dump_to_disk = lambda self: None
take_cards_without_code()
threading.Thread(target=end_with_standard_input, daemon=True).start()
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2])))
web.run_app(server.app, sock=listener, access_log=None, print=None)
