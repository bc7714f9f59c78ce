using Messaging;
using Microsoft.Extensions.Hosting;
using Npgsql;
using NpgsqlTypes;

namespace Inbox;

/// <summary>Sorts deliveries into those that are to be handled and those that were handled before, by inserting their inbox
/// rows into the transaction of their effects.</summary>
internal sealed class Dedupe
{
    private Dedupe()
    {
    }

    /// <summary>In the order of delivery.</summary>
    public List<Delivery> Fresh { get; } = [];

    public List<Delivery> Duplicates { get; } = [];

    public List<Delivery> Impostors { get; } = [];

    /// <summary>The transaction that holds the inbox rows; null where there are none.</summary>
    public ulong? TransactionId { get; private set; }

    /// <exception cref="UnfitDatabaseException">What this transaction commits may be lost.</exception>
    public static async Task<Dedupe> RunAsync(
        NpgsqlConnection connection, string queue, IReadOnlyList<Delivery> deliveries, TransactionBounds bounds, IHostEnvironment environment,
        CancellationToken cancellationToken)
    {
        var sorted = new Dedupe();
        // Several deliveries of one message in the same batch: the first stands for all.
        var firsts = deliveries.DistinctBy(delivery => delivery.MessageId).ToList();
        var inserted = await sorted.InsertAsync(connection, queue, firsts, bounds, environment, cancellationToken);

        var known = firsts.FindAll(delivery => !inserted.Contains(delivery.MessageId));
        var handled = known.Count > 0 ? await HashesAsync(connection, queue, known, bounds, cancellationToken) : [];
        foreach (var delivery in deliveries)
        {
            if (inserted.Contains(delivery.MessageId) && handled.TryAdd(delivery.MessageId, delivery.BodyHash))
            {
                sorted.Fresh.Add(delivery);
            }
            else
            {
                var isSame = delivery.BodyHash.AsSpan().SequenceEqual(handled[delivery.MessageId]);
                (isSame ? sorted.Duplicates : sorted.Impostors).Add(delivery);
            }
        }

        return sorted;
    }

    private async Task<HashSet<Guid>> InsertAsync(
        NpgsqlConnection connection, string queue, List<Delivery> firsts, TransactionBounds bounds, IHostEnvironment environment,
        CancellationToken cancellationToken)
    {
        var byId = firsts.OrderBy(delivery => delivery.MessageId).ToList();
        await using var batch = new NpgsqlBatch(connection)
        {
            Timeout = bounds.AnswerSeconds,
            BatchCommands =
            {
                new(InboxSql.SetBounds) { Parameters = { Milliseconds(bounds.LockWait), Milliseconds(bounds.Idle) } },
                new(InboxSql.Insert)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<string> { TypedValue = queue },
                        Ids(byId),
                        new NpgsqlParameter<byte[][]>
                        {
                            TypedValue = [.. byId.Select(delivery => delivery.BodyHash)],
                            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea,
                        },
                    },
                },
            },
        };
        var inserted = new HashSet<Guid>(firsts.Count);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (Durability.FaultOf(reader.GetString(0), reader.GetString(1), environment) is { } fault)
        {
            throw new UnfitDatabaseException(fault);
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            inserted.Add(reader.GetGuid(0));
            TransactionId = reader.GetFieldValue<ulong>(1);
        }

        return inserted;
    }

    private static async Task<Dictionary<Guid, byte[]>> HashesAsync(
        NpgsqlConnection connection, string queue, List<Delivery> known, TransactionBounds bounds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InboxSql.HashesOf, connection)
        {
            CommandTimeout = bounds.AnswerSeconds,
            Parameters = { new NpgsqlParameter<string> { TypedValue = queue }, Ids(known) },
        };
        var hashes = new Dictionary<Guid, byte[]>(known.Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            hashes[reader.GetGuid(0)] = reader.GetFieldValue<byte[]>(1);
        }

        return hashes;
    }

    private static NpgsqlParameter<Guid[]> Ids(List<Delivery> deliveries) => new()
    {
        TypedValue = [.. deliveries.Select(delivery => delivery.MessageId)],
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid,
    };

    private static NpgsqlParameter<long> Milliseconds(TimeSpan duration) => new() { TypedValue = (long)duration.TotalMilliseconds };
}
