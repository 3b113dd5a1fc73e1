import { type RefObject, useEffect, useRef } from "react";

/** Focuses the element when it appears: what had the focus went away with the screen before. */
export function useFocusAtStart<T extends HTMLElement>(): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => element.current?.focus(), []);
  return element;
}
