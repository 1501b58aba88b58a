import type { Attributes, HrTime } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { CollectionResult, HistogramMetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import { durationBounds } from '../../actors/histogram.ts';
import type { HistogramStatus } from '../../actors/histogram.ts';
import type { TopologyStatus } from '../../actors/status.ts';

/** Histograms that are kept by the runtime itself, so that noting a value costs no look at its labels; read from the status at each collection. */
export class StatusHistograms implements MetricProducer {
  readonly #version: string;
  readonly #since = hrTime(Date.now());
  /** None until the topologies are there. */
  status: () => readonly TopologyStatus[] = () => [];

  constructor(version: string) {
    this.#version = version;
  }

  collect(): Promise<CollectionResult> {
    const now = hrTime(Date.now());
    const status = this.status();
    const histogram = (name: string, description: string, values: readonly Value[]): HistogramMetricData => ({
      descriptor: { name, description, unit: '', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: values.map(({ attributes, counts, sum, count }) => ({ startTime: this.#since, endTime: now, attributes, value: { buckets: { boundaries: [...durationBounds], counts: [...counts] }, sum, count } }))
    });
    const metrics = [
      histogram('millrace_process_duration_seconds', 'What a node works on a batch, with sending on what came of it.', status.flatMap(({ name: topology, measured }) => measured.processing.map(({ node, batches }) => ({ attributes: { topology, node }, ...batches })))),
      histogram('millrace_e2e_latency_seconds', 'From the timestamp of a record that a sink takes to the commit of its epoch: the first and the last record of each batch, at most eight per sink and epoch.', status.flatMap(({ name: topology, measured }) => measured.latency.map(({ sink, records }) => ({ attributes: { topology, sink }, ...records }))))
    ].filter(({ dataPoints }) => dataPoints.length > 0);
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics: metrics.length === 0 ? [] : [{ scope: { name: 'millrace', version: this.#version }, metrics }] }, errors: [] });
  }
}

type Value = HistogramStatus & { readonly attributes: Attributes };

function hrTime(milliseconds: number): HrTime {
  return [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1e6];
}
