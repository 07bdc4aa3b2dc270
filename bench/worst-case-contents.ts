import type { Shape } from './worst-case-shapes.ts';
export const CONTENTS: readonly Shape[] = [];
