import type { CaptureKind, MediaProblem } from "./media-problem.ts";

export type ProblemText = { title: string; advice: string };

export const HTTPS_COMMAND = "npm start -- --https --lan";

const WORKS_ANYWAY = "Even so, you can watch, listen and chat.";

/** Tells the person at the screen what happened to `devices` (one or both), and what they can do about it. */
export function problemText(problem: MediaProblem, devices: readonly CaptureKind[]): ProblemText {
  const both = devices.length > 1;
  const names = devices.join(" and ");
  const texts: Record<MediaProblem, ProblemText> = {
    insecure: {
      title: "Camera and microphone need HTTPS",
      advice: `This page came over plain HTTP, where browsers give no devices. On the computer that runs the server, start it with “${HTTPS_COMMAND}” and open the https address that it prints. Without it you can still watch, listen and chat.`,
    },
    unsupported: {
      title: "This browser gives pages no devices",
      advice: `A current Chrome, Edge, Firefox or Safari does. ${WORKS_ANYWAY}`,
    },
    denied: {
      title: `Permission for the ${names} was denied`,
      advice: `Click the symbol beside the page's address, allow the ${names}, then choose “Try again”. If nothing is listed there, look at the privacy settings of the system. ${WORKS_ANYWAY}`,
    },
    missing: {
      title: `No ${devices.join(" or ")} was found`,
      advice: `Plug ${both ? "them" : "it"} in and choose “Try again”. ${WORKS_ANYWAY}`,
    },
    busy: {
      title: `The ${names} ${both ? "are" : "is"} in use or can't be started`,
      advice: `Close other programs that use ${both ? "them" : "it"}, then choose “Try again”. ${WORKS_ANYWAY}`,
    },
    unplugged: {
      title: `The ${names} ${both ? "were" : "was"} unplugged`,
      advice: `Plug ${both ? "them" : "it"} in again or choose another device.`,
    },
    unknown: {
      title: `The ${names} could not be started`,
      advice: `Choose “Try again”, or another device. ${WORKS_ANYWAY}`,
    },
  };
  return texts[problem];
}
