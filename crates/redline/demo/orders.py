"""Orders of a small shop."""

import csv
from datetime import date, timedelta


class Order:
    def __init__(self, number, customer, lines=None):
        self.number = number
        self.customer = customer
        self.lines = lines or []
        self.placed = date.today()

    def add_line(self, sku: str, quantity: int = 1, price: float = 0.0) -> int:
        self.lines.append((sku, quantity, price))
        return len(self.lines)

    def subtotal(self) -> float:
        return sum(quantity * price for _, quantity, price in self.lines)

    def is_late(self, today: date, days: int = 14) -> bool:
        return today - self.placed > timedelta(days=days)


def load_orders(path: str) -> dict[str, Order]:
    orders = {}
    with open(path, newline="") as source:
        for row in csv.DictReader(source):
            number = row["number"]
            order = orders.setdefault(number, Order(number, row["customer"]))
            order.add_line(row["sku"], int(row["quantity"]), float(row["price"]))
    return orders


def apply_discount(total: float, percent: float = 0.0) -> float:
    if not 0 <= percent <= 100:
        raise ValueError(f"a discount of {percent} % makes no sense")
    return round(total * (1 - percent / 100), 2)


SHIPPING = {"standard": 4.90, "express": 12.50}


def total_price(order: Order, shipping: str = "standard") -> float:
    subtotal = order.subtotal()
    discount = 5 if subtotal > 200 else 0
    return apply_discount(subtotal, discount) + SHIPPING[shipping]


def print_invoice(order: Order) -> None:
    for sku, quantity, price in order.lines:
        print(f"{quantity:>4} x {sku:<20} {price:>9.2f}")
    print(f"{'total':>27} {total_price(order):>9.2f}")
