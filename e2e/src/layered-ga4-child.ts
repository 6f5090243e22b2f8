import { layeredGa4 } from './layered-ga4.ts';

/** One run of the GA4 swarm in a process of its own, so that its peak of memory is its own: prints what the run was, as JSON. */
const [directory = '', sources = '', limits = ''] = process.argv.slice(2);
const ga4 = await layeredGa4(limits === '' ? undefined : (JSON.parse(limits) as object), { sources, directory });
const started = performance.now();
const report = await ga4.run();
const seconds = (performance.now() - started) / 1000;
// Kilobytes and microseconds, by getrusage. Time on the processor tells more than time on the wall where others work too.
const used = process.resourceUsage();
const peakBytes = used.maxRSS * 1024;
const cpuSeconds = (used.userCPUTime + used.systemCPUTime) / 1e6;
const products = Object.fromEntries(report.products.map(({ product, milliseconds }) => [product, Math.round(milliseconds)]));
process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds, peakBytes, products, bronze: report.bronze, sums: await ga4.sums() })}\n`);
await ga4[Symbol.asyncDispose]();
