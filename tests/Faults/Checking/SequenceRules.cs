namespace Faults;

/// <summary>Order within a key: in the outbox by id, since the writers of a key exclude each other; at the tap by first
/// arrival; at a consumer by transaction. A message that was told to fail is excepted at the consumer: what waits for a retry is
/// overtaken, by all others of its key in their order.</summary>
internal static class SequenceRules
{
    public static void Judge(Evidence evidence, Findings findings)
    {
        var keys = evidence.Outbox.Where(message => message.Key is not null && message.IsSent).GroupBy(message => message.Key!).ToList();
        JudgeArrivals(evidence, keys, findings);
        JudgeEffects(evidence, keys, findings);
    }

    private static void JudgeArrivals(Evidence evidence, List<IGrouping<string, StoredMessage>> keys, Findings findings)
    {
        var first = new Dictionary<string, int>();
        for (var place = 0; place < evidence.Tap.Count; place++)
        {
            first.TryAdd(evidence.Tap[place].Message ?? "", place);
        }

        foreach (var key in keys)
        {
            var before = -1;
            foreach (var message in key.Where(message => first.ContainsKey(message.Message.ToString())))
            {
                var place = first[message.Message.ToString()];
                if (place < before)
                {
                    findings.Misordered.Add($"row {message.Id} of key {key.Key} arrived before an earlier one");
                }

                before = Math.Max(before, place);
            }
        }
    }

    private static void JudgeEffects(Evidence evidence, List<IGrouping<string, StoredMessage>> keys, Findings findings)
    {
        var handled = evidence.Handled.DistinctBy(message => (message.Consumer, message.Message)).ToDictionary(message => (message.Consumer, message.Message));
        // An order is told to fail when it is decided, a written one when it is told of.
        var undecided = evidence.Orders.Where(order => order.Customer.Contains("-fails-", StringComparison.Ordinal)).Select(order => order.Id).ToHashSet();
        bool Fails(StoredMessage message) => message.Order is { } order
            && (evidence.ToldToFail.Contains(order) || (message.Type == "orders.order-placed.v1" && undecided.Contains(order)));
        foreach (var key in keys)
        {
            foreach (var consumer in key.Where(message => !Fails(message)).GroupBy(message => Tap.Consumers.GetValueOrDefault(message.Type)).Where(consumer => consumer.Key is not null))
            {
                JudgeConsumer(key.Key, [.. consumer.Select(message => handled.GetValueOrDefault((consumer.Key!, message.Message)))], findings);
            }
        }
    }

    private static void JudgeConsumer(string key, List<HandledMessage?> inCommitOrder, Findings findings)
    {
        HandledMessage? before = null;
        foreach (var message in inCommitOrder.OfType<HandledMessage>())
        {
            // Within one transaction the order cannot be seen. The earlier one must have been committed when this one's transaction began to
            // work: the order of their inbox rows alone says nothing of that.
            if (before is not null && message.Transaction != before.Transaction && !TransactionSnapshot.Parse(message.Snapshot).Sees(before.Transaction))
            {
                findings.Misordered.Add($"message {message.Message} of key {key} took effect before an earlier one at {message.Consumer}");
            }

            before = message;
        }
    }
}
