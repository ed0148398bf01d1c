/**
 * Results of threads, taken in portions: Node hands over all messages that have come, and those that come meanwhile, without
 * a turn of the event loop between them. Threads that work off small tasks would keep everything else waiting.
 */

/** Orders whose endings are taken in one turn of the event loop; a batch is never cut. */
const ordersPerTurn = 64;

interface Arrival {
  readonly orders: number;
  readonly take: () => void;
}

export class Arrivals {
  readonly #waiting: Arrival[] = [];
  #ordersLeft = ordersPerTurn;
  #nextTurn: NodeJS.Immediate | null = null;

  /** Takes it now, or in one of the next turns, behind those that wait already. */
  add(orders: number, take: () => void): void {
    this.#nextTurn ??= setImmediate(() => this.#turn());
    if (this.#waiting.length > 0 || this.#ordersLeft <= 0) this.#waiting.push({ orders, take });
    else this.#take({ orders, take });
  }

  #turn(): void {
    this.#nextTurn = null;
    this.#ordersLeft = ordersPerTurn;
    if (this.#waiting.length === 0) return;
    this.#nextTurn = setImmediate(() => this.#turn());
    while (this.#ordersLeft > 0) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#take(next);
    }
  }

  #take({ orders, take }: Arrival): void {
    this.#ordersLeft -= orders;
    take();
  }
}
