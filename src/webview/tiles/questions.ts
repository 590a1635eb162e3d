/** Questions to the agent that holds the map open. An answer is null when it failed or the map has changed meanwhile. */
import type { MapAnswer, MapQuestion } from '../../common/mapMessages';
import { PendingAnswers } from '../pendingAnswers';

type AnswerTo<Type extends MapAnswer['type']> = Extract<MapAnswer, { type: Type }>;

export class Questions {
    private generation = -1;
    private readonly pending = new PendingAnswers<MapAnswer>();

    constructor(private readonly post: (question: number, generation: number, about: MapQuestion) => void) {}

    setGeneration(generation: number): void {
        if (generation !== this.generation) this.giveUp();
        this.generation = generation;
    }

    giveUp(): void {
        this.pending.giveUp();
    }

    async ask<Type extends MapQuestion['type']>(about: Extract<MapQuestion, { type: Type }>): Promise<AnswerTo<Type> | null> {
        const answer = await this.pending.ask((question) => this.post(question, this.generation, about));
        return answer?.type === about.type ? (answer as AnswerTo<Type>) : null;
    }

    receive(question: number, answer: MapAnswer | null): void {
        this.pending.receive(question, answer);
    }
}
