import { type RefObject, useEffect, useState } from "react";

export type FullScreen = { isPossible: boolean; isOn: boolean; toggle: () => void };

/** Shows the element alone. Phones of some makers can't. */
export function useFullScreen(element: RefObject<HTMLElement | null>): FullScreen {
  const [isOn, setIsOn] = useState(false);
  useEffect(() => {
    const look = () => setIsOn(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, []);
  const toggle = () => {
    const change = isOn ? document.exitFullscreen() : element.current?.requestFullscreen();
    change?.catch(() => {}); // The browser says why on the page itself, if it says anything.
  };
  return { isPossible: document.fullscreenEnabled, isOn, toggle };
}
