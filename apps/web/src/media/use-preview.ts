import { useEffect, useState, useSyncExternalStore } from "react";
import { getUserMedia, problemOfBrowser } from "./browser-media.ts";
import { type Captures, Preview } from "./preview.ts";

/** A preview that ends with the component. */
export function usePreview(): { preview: Preview; captures: Captures } {
  const [preview] = useState(() => new Preview(getUserMedia, problemOfBrowser));
  const captures = useSyncExternalStore(preview.subscribe, preview.getCaptures);
  useEffect(() => () => preview.close(), [preview]);
  return { preview, captures };
}
