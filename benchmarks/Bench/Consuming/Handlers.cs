using Inbox;
using Microsoft.EntityFrameworkCore;

namespace Bench.Consuming;

/// <summary>One insert through EF Core.</summary>
internal sealed class InsertOne(EffectContext db) : IMessageHandler<Counting>
{
    public Task HandleAsync(Counting message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { MessageId = context.MessageId, Number = message.Number });
        return Task.CompletedTask;
    }
}

/// <summary>The same for a whole batch: one SaveChanges.</summary>
internal sealed class InsertBatch(EffectContext db) : IMessageBatchHandler<Counting>
{
    public Task HandleAsync(IReadOnlyList<ReceivedMessage<Counting>> messages, CancellationToken cancellationToken)
    {
        db.Effects.AddRange(messages.Select(received => new Effect { MessageId = received.Context.MessageId, Number = received.Message.Number }));
        return Task.CompletedTask;
    }
}

/// <summary>The same in one statement, as who needs the rate would write it.</summary>
internal sealed class InsertBatchAtOnce(EffectContext db) : IMessageBatchHandler<Counting>
{
    public Task HandleAsync(IReadOnlyList<ReceivedMessage<Counting>> messages, CancellationToken cancellationToken)
    {
        var ids = messages.Select(received => received.Context.MessageId).ToArray();
        var numbers = messages.Select(received => received.Message.Number).ToArray();
        return db.Database.ExecuteSqlAsync(
            $"INSERT INTO effect (message_id, number) SELECT id, number FROM unnest({ids}, {numbers}) AS new (id, number)", cancellationToken);
    }
}

/// <summary>One insert, and two of twenty rows that everybody changes; the lower one first, so that messages which are
/// handled one by one never deadlock.</summary>
internal sealed class ChangeHotRows(EffectContext db) : IMessageHandler<Counting>
{
    public const int Rows = 20;

    public async Task HandleAsync(Counting message, MessageContext context, CancellationToken cancellationToken)
    {
        var (one, other) = (message.Number % Rows, message.Number * 7 % Rows);
        await db.Database.ExecuteSqlAsync($"UPDATE hot SET value = value + 1 WHERE id = {Math.Min(one, other)}", cancellationToken);
        await db.Database.ExecuteSqlAsync($"UPDATE hot SET value = value + 1 WHERE id = {Math.Max(one, other)}", cancellationToken);
        db.Effects.Add(new Effect { MessageId = context.MessageId, Number = message.Number });
    }
}
