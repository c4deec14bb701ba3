import { projectRoot } from '../../clusters/project-root.ts';
import type { Requirement } from '../../specs/catalogue/catalogue.ts';
import { implementationOf, lentProduct, ownProduct, type Product } from '../report/formats/conformance/product.ts';
import { buildReport } from '../report/model/build-report.ts';
import { environmentRecord } from '../report/model/environment.ts';
import { type Asked, isLent, reproduceCommands } from '../report/model/reproduce.ts';
import type { ChosenSpec } from '../report/model/requirements.ts';
import type { Summary } from '../report/model/summary.ts';
import type { ReportedRun } from '../report/report-files.ts';
import type { ClusterState } from './cluster/state.ts';
import { environmentFacts, type harnessFacts } from './surroundings.ts';

/** What `lpv run` knows of its report before it begins. */
export interface ReportOrigins {
  catalogue: readonly Requirement[];
  chosen: readonly ChosenSpec[];
  /** Ids of all that was chosen, of which `chosen` is a shard where `asked` names one. */
  selection: readonly string[];
  asked: Asked;
  /** The tested product, where the user has named one. */
  product: Product | undefined;
  harness: Awaited<ReturnType<typeof harnessFacts>>;
  /** What the run's steps find out; read each time a report is made. */
  state: ClusterState;
}

/** Returns the function that makes a report from a run's summary, at any time during the run. */
export function reportedRun(origins: ReportOrigins): (summary: Summary, finished?: number) => ReportedRun {
  const { catalogue, chosen, selection, asked, harness, state } = origins;
  return (summary, finished) => {
    const environment = environmentRecord(summary.run, new Date(), environmentFacts(harness, state));
    const kubernetes = state.kubernetes ?? `v${asked.kubernetes}`;
    const lent = isLent(asked) ? lentProduct(kubernetes, state.kindOfCluster?.distribution) : undefined;
    const product = origins.product ?? lent ?? ownProduct(kubernetes);
    const report = buildReport({
      summary,
      finished,
      environment,
      leftOvers: state.leftOvers,
      catalogue,
      chosen,
      shard: asked.shard && { ...asked.shard, selection: [...selection], strict: asked.strict ?? false },
      implementation: implementationOf(product),
      reproduce: reproduceCommands(environment.harness, asked, {
        seed: summary.seed,
        jobs: summary.jobs,
        imageOrigin: state.image?.origin,
      }),
      root: projectRoot.replace(/\/$/, ''),
    });
    return { report, product, traces: summary.traces, kubernetes };
  };
}
