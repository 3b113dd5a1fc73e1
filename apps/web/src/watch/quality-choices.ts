export type QualityChoice = { label: string; spatialLayer: number };

/**
 * The sizes that a viewer may choose among, the best first: a choice is an upper limit, below which the server goes by the network.
 * @param spatialLayers Sizes in which the picture is sent. @returns One or none: there is nothing to choose.
 */
export function qualityChoices(spatialLayers: number): QualityChoice[] {
  const names = spatialLayers > 2 ? ["Auto", "Medium", "Low"] : ["Auto", "Low"];
  return names
    .slice(0, spatialLayers)
    .map((label, index) => ({ label, spatialLayer: spatialLayers - 1 - index }));
}
