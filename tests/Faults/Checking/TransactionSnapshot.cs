using System.Globalization;

namespace Faults;

/// <summary>Which transactions were over when one of them looked: PostgreSQL's pg_current_snapshot().</summary>
internal sealed class TransactionSnapshot
{
    private readonly ulong _least;
    private readonly ulong _most;
    private readonly HashSet<ulong> _open;

    private TransactionSnapshot(ulong least, ulong most, HashSet<ulong> open) => (_least, _most, _open) = (least, most, open);

    /// <param name="text">xmin:xmax:the open ones between</param>
    public static TransactionSnapshot Parse(string text)
    {
        var parts = text.Split(':');
        return new TransactionSnapshot(
            Number(parts[0]), Number(parts[1]), [.. parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number)]);
    }

    public bool Sees(ulong transaction) => transaction < _least || (transaction < _most && !_open.Contains(transaction));

    private static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);
}
