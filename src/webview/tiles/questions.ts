/** Questions to the agent that holds the map open. An answer is null when it failed or the map has changed meanwhile. */
import type { MapAnswer, MapQuestion } from '../../common/mapMessages';

type AnswerTo<Type extends MapAnswer['type']> = Extract<MapAnswer, { type: Type }>;

export class Questions {
    private generation = -1;
    private last = 0;
    private readonly pending = new Map<number, (answer: MapAnswer | null) => void>();

    constructor(private readonly post: (question: number, generation: number, about: MapQuestion) => void) {}

    setGeneration(generation: number): void {
        if (generation !== this.generation) this.giveUp();
        this.generation = generation;
    }

    /** Nobody will answer what is still open. */
    giveUp(): void {
        const open = [...this.pending.values()];
        this.pending.clear();
        for (const resolve of open) resolve(null);
    }

    async ask<Type extends MapQuestion['type']>(about: Extract<MapQuestion, { type: Type }>): Promise<AnswerTo<Type> | null> {
        const question = ++this.last;
        const answered = new Promise<MapAnswer | null>((resolve) => this.pending.set(question, resolve));
        this.post(question, this.generation, about);
        const answer = await answered;
        return answer?.type === about.type ? (answer as AnswerTo<Type>) : null;
    }

    receive(question: number, answer: MapAnswer | null): void {
        this.pending.get(question)?.(answer);
        this.pending.delete(question);
    }
}
