import * as z from "zod";

const Policy = z.strictObject({
  type: z.enum(["Pods", "Percent"]),
  value: z.int().min(1),
  periodSeconds: z.int().min(1).max(1_800),
});

const Scaling = z.strictObject({
  stabilizationWindowSeconds: z.int().min(0).max(3_600),
  selectPolicy: z.enum(["Max", "Min", "Disabled"]).optional(),
  policies: z.array(Policy),
});

const Metadata = z.strictObject({
  name: z.string(),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
});

/** The fields that we use, as KEDA 2.18 defines them (keda.sh_scaledobjects.yaml; the scaler `metrics-api`). */
export const ScaledObject = z.strictObject({
  apiVersion: z.literal("keda.sh/v1alpha1"),
  kind: z.literal("ScaledObject"),
  metadata: Metadata,
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name: z.string() }),
    pollingInterval: z.int().min(1),
    minReplicaCount: z.int().min(2),
    maxReplicaCount: z.int(),
    fallback: z.strictObject({
      failureThreshold: z.int().min(1),
      replicas: z.int().min(2),
      behavior: z.enum(["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"]),
    }),
    advanced: z.strictObject({
      horizontalPodAutoscalerConfig: z.strictObject({
        behavior: z.strictObject({ scaleUp: Scaling, scaleDown: Scaling }),
      }),
      scalingModifiers: z.strictObject({
        formula: z.string(),
        // Numbers as text, here and in a trigger's metadata.
        target: z.string().regex(/^\d+$/),
        metricType: z.enum(["AverageValue", "Value"]),
      }),
    }),
    triggers: z.array(
      z.strictObject({
        type: z.literal("metrics-api"),
        name: z.string(),
        metricType: z.enum(["AverageValue", "Value"]),
        metadata: z.strictObject({
          url: z.url(),
          valueLocation: z.string(),
          targetValue: z.string().regex(/^\d+$/),
          authMode: z.enum(["apiKey", "basic", "tls", "bearer"]),
        }),
        authenticationRef: z.strictObject({ name: z.string() }),
      }),
    ),
  }),
});

export const TriggerAuthentication = z.strictObject({
  apiVersion: z.literal("keda.sh/v1alpha1"),
  kind: z.literal("TriggerAuthentication"),
  metadata: Metadata,
  spec: z.strictObject({
    secretTargetRef: z.array(z.strictObject({ parameter: z.string(), name: z.string(), key: z.string() })),
  }),
});
