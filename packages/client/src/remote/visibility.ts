/** Tells which elements are within sight. If the browser can't say, all of them count as visible. */
export class Visibility {
  readonly #callbacks = new Map<Element, (isVisible: boolean) => void>();
  readonly #observer: IntersectionObserver | undefined;

  constructor() {
    if (typeof IntersectionObserver === "undefined") return;
    // A little ahead of scrolling, so that video is there when its tile is.
    this.#observer = new IntersectionObserver((entries) => this.#handle(entries), { rootMargin: "100px" });
  }

  watch(element: Element, callback: (isVisible: boolean) => void): void {
    this.#callbacks.set(element, callback);
    this.#observer?.observe(element);
  }

  unwatch(element: Element): void {
    this.#callbacks.delete(element);
    this.#observer?.unobserve(element);
  }

  close(): void {
    this.#observer?.disconnect();
    this.#callbacks.clear();
  }

  #handle(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) this.#callbacks.get(target)?.(isIntersecting);
  }
}
