/** The layouts that there are. */
import type { HilbertLayout } from './hilbertLayout';
import type { RowLayout } from './rowLayout';

export type Layout = RowLayout | HilbertLayout;
