/** One panel at a time has the place beside the grid. */
export type OpenPanel = "chat" | "people" | "devices" | null;

export const panelId = (panel: Exclude<OpenPanel, null>): string => `panel-${panel}`;
