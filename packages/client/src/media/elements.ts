/** The media elements that one track is shown in. */
export class Elements {
  readonly #elements = new Set<HTMLMediaElement>();

  get size(): number {
    return this.#elements.size;
  }

  [Symbol.iterator](): IterableIterator<HTMLMediaElement> {
    return this.#elements.values();
  }

  /** @returns `element`, or a new one of the track's kind that is in no document. */
  add(track: MediaStreamTrack, element?: HTMLMediaElement): HTMLMediaElement {
    const target = element ?? document.createElement(track.kind === "audio" ? "audio" : "video");
    this.#elements.add(target);
    target.autoplay = true;
    target.setAttribute("playsinline", "");
    showTrack(target, track);
    return target;
  }

  /**
   * Shows `next` wherever the track before it was.
   * @param helper Plays their sound unheard. An element with a picture begins anew with the picture's next frame, and is silent until then: so
   * long the helper is heard.
   */
  replace(before: MediaStreamTrack, next: MediaStreamTrack, helper?: HTMLMediaElement): void {
    for (const element of this.#elements) {
      const kinds = new Set([...tracksOf(element), next].map(({ kind }) => kind));
      if (helper && kinds.size > 1) hearUntilPlaying(element, helper);
      showTrack(element, next, before);
    }
  }

  /** What is heard from the same elements. */
  soundsBeside(track: MediaStreamTrack): MediaStreamTrack[] {
    const others = [...this.#elements].flatMap(tracksOf).filter((other) => other !== track);
    return others.filter(
      ({ kind, readyState, muted }) => kind === "audio" && readyState === "live" && !muted,
    );
  }

  /**
   * Takes `track` out of `element`, by default out of all.
   * @returns Those that now show nothing at all.
   */
  remove(track: MediaStreamTrack, element?: HTMLMediaElement): HTMLMediaElement[] {
    const candidates = element ? [element] : [...this.#elements];
    return candidates.filter((target) => this.#elements.delete(target) && isEmptiedOf(track, target));
  }
}

function isEmptiedOf(track: MediaStreamTrack, element: HTMLMediaElement): boolean {
  const left = tracksOf(element).filter((shown) => shown !== track);
  element.srcObject = left.length > 0 ? new MediaStream(left) : null;
  return left.length === 0;
}

function hearUntilPlaying(element: HTMLMediaElement, helper: HTMLMediaElement): void {
  // From another device the helper would be heard on this one.
  if (element.muted || element.paused || element.sinkId) return;
  helper.volume = element.volume;
  helper.muted = false;
  const hush = () => {
    helper.muted = true;
  };
  element.addEventListener("playing", hush, { once: true });
}

/** A new stream each time: not every browser notices that a stream it plays got another track. */
function showTrack(element: HTMLMediaElement, track: MediaStreamTrack, before?: MediaStreamTrack): void {
  const shown = tracksOf(element);
  if (shown.includes(track)) return;
  const others = shown.filter((other) => other !== before && other.kind !== track.kind);
  element.srcObject = new MediaStream([...others, track]);
}

function tracksOf(element: HTMLMediaElement): MediaStreamTrack[] {
  return element.srcObject instanceof MediaStream ? element.srcObject.getTracks() : [];
}
