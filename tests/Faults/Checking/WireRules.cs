namespace Faults;

/// <summary>What is stored in the outbox, against what arrived at the tap: everything that is to be sent was; what is marked
/// was seen; what was seen is stored, byte for byte.</summary>
internal static class WireRules
{
    /// <summary>Rows with such a key are made to be refused: they are to be parked, and never marked.</summary>
    public const string HostileKey = "hostile";

    public static void Judge(Evidence evidence, Findings findings)
    {
        var arrived = evidence.Tap.Where(delivery => delivery.App != Tap.OwnApp).ToLookup(delivery => delivery.Message);
        foreach (var message in evidence.Outbox)
        {
            JudgeRow(message, arrived[message.Message.ToString()], findings);
        }

        var stored = evidence.Outbox.Select(message => message.Message.ToString()).ToHashSet();
        foreach (var message in arrived)
        {
            if (!stored.Contains(message.Key ?? "") && !(Guid.TryParse(message.Key, out var id) && evidence.OfEarlierCases.Contains(id)))
            {
                findings.Phantoms.Add($"message {message.Key} arrived and is not in the outbox");
            }
        }
    }

    private static void JudgeRow(StoredMessage message, IEnumerable<TapDelivery> arrivals, Findings findings)
    {
        var hostile = message.Key == HostileKey;
        var arrived = arrivals.ToList();
        if (message.IsSent && arrived.Count == 0)
        {
            findings.Lost.Add($"row {message.Id} ({message.Type}) is marked as sent, and was never seen");
        }
        else if (!message.IsSent && !message.IsParked)
        {
            findings.Lost.Add($"row {message.Id} ({message.Type}) waits still to be sent");
        }
        else if (message.IsParked && !hostile)
        {
            findings.Lost.Add($"row {message.Id} ({message.Type}) was parked");
        }

        findings.Phantoms.AddRange(arrived.Where(delivery => delivery.Body != message.Body || delivery.Type != message.Type || delivery.Key != message.Key)
            .Take(1).Select(_ => $"row {message.Id} ({message.Type}) arrived with another body, type or key than it was stored with"));
    }
}
