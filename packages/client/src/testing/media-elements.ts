/**
 * The part of the browser's media streams and elements that the SDK uses, for tests without a browser. The browser tests
 * see pictures come and go.
 */
export class TrackList {
  readonly #tracks: MediaStreamTrack[];

  constructor(tracks: MediaStreamTrack[]) {
    this.#tracks = tracks;
  }

  getTracks(): MediaStreamTrack[] {
    return this.#tracks;
  }

  getAudioTracks(): MediaStreamTrack[] {
    return this.#tracks.filter(({ kind }) => kind === "audio");
  }
}

export function newElement(): HTMLMediaElement {
  const element = Object.assign(new EventTarget(), {
    srcObject: null,
    setAttribute: () => {},
    play: async () => {},
    ownerDocument: { defaultView: { top: undefined } },
    getRootNode: () => ({ pictureInPictureElement: null }),
  });
  return element as unknown as HTMLMediaElement;
}
