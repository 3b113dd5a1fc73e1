const PICTURE_IN_PICTURE = ["enterpictureinpicture", "leavepictureinpicture"] as const;

type Watched = { callback: (isVisible: boolean) => void; isInSight: boolean };

/**
 * Tells which elements somebody may see, on any surface: within sight on the page, in Picture-in-Picture, or in another window. If the
 * browser can't say, all of them count as visible.
 */
export class Visibility {
  readonly #watched = new Map<Element, Watched>();
  readonly #observer: IntersectionObserver | undefined;

  constructor() {
    if (typeof IntersectionObserver === "undefined") return;
    // A little ahead of scrolling, so that video is there when its tile is.
    this.#observer = new IntersectionObserver((entries) => this.#handle(entries), { rootMargin: "100px" });
  }

  watch(element: Element, callback: (isVisible: boolean) => void): void {
    if (!this.#observer) return;
    this.#watched.set(element, { callback, isInSight: true });
    this.#observer.observe(element);
    for (const event of PICTURE_IN_PICTURE) element.addEventListener(event, this.#handleSurface);
  }

  unwatch(element: Element): void {
    if (!this.#watched.delete(element)) return;
    this.#observer?.unobserve(element);
    for (const event of PICTURE_IN_PICTURE) element.removeEventListener(event, this.#handleSurface);
  }

  close(): void {
    for (const element of [...this.#watched.keys()]) this.unwatch(element);
    this.#observer?.disconnect();
  }

  #handle(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const watched = this.#watched.get(target);
      if (!watched) continue;
      watched.isInSight = isIntersecting;
      this.#tell(target, watched);
    }
  }

  readonly #handleSurface = ({ currentTarget }: Event): void => {
    const element = currentTarget as Element;
    const watched = this.#watched.get(element);
    if (watched) this.#tell(element, watched);
  };

  #tell(element: Element, { callback, isInSight }: Watched): void {
    callback(isInSight || isElsewhere(element));
  }
}

/** In Picture-in-Picture or in another window; the observer sees only this page's, with its frames. */
function isElsewhere(element: Element): boolean {
  // In a shadow tree the document would name the host.
  const root = element.getRootNode() as Document | ShadowRoot;
  return (
    root.pictureInPictureElement === element || element.ownerDocument.defaultView?.top !== globalThis.top
  );
}
