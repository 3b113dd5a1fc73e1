import { type RefObject, useLayoutEffect, useState } from "react";
import type { Box } from "../layout/fit-grid.ts";

/** The element's content box in CSS pixels, measured anew whenever it changes. */
export function useElementSize(element: RefObject<HTMLElement | null>): Box {
  const [size, setSize] = useState<Box>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
