/** Where the fixtures lie: the tests run from a bundle elsewhere. */
import { join } from 'node:path';
import { packageRoot } from '../../inputs/assets';

export const goldenDir = join(packageRoot(), 'test', 'golden');
