/** Questions that were sent to the host, by number, until they are answered. */
export class PendingAnswers<Answer> {
    private last = 0;
    private readonly pending = new Map<number, (answer: Answer | null) => void>();

    /** `send` is given the question's number. Resolves to null when it cannot be answered. */
    ask(send: (question: number) => void): Promise<Answer | null> {
        const question = ++this.last;
        const answered = new Promise<Answer | null>((resolve) => this.pending.set(question, resolve));
        send(question);
        return answered;
    }

    receive(question: number, answer: Answer | null): void {
        this.pending.get(question)?.(answer);
        this.pending.delete(question);
    }

    /** Nobody will answer what is still open. */
    giveUp(): void {
        const open = [...this.pending.values()];
        this.pending.clear();
        for (const resolve of open) resolve(null);
    }
}
