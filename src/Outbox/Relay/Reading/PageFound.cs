namespace Outbox.Relay;

/// <summary>What one read has brought.</summary>
internal enum PageFound
{
    /// <summary>Nothing new.</summary>
    Nothing,

    /// <summary>All that was to be seen, some of it new.</summary>
    Rows,

    /// <summary>Not all, or not everywhere: the next read goes on at once.</summary>
    PartOfMore,
}
