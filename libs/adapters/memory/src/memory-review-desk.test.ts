import { reviewDeskConformance } from '@skein/ports/conformance';
import { memoryReviewDesk } from './memory-review-desk.ts';

reviewDeskConformance('memory', async () => ({ desk: memoryReviewDesk() }));
