namespace Outbox.Relay;

/// <summary>A row that the broker has confirmed. Its id alone would not do: see <see cref="OutboxSql.Mark"/>.</summary>
internal readonly record struct ConfirmedRow(long Id, Guid MessageId)
{
    public static ConfirmedRow Of(OutboxRow row) => new(row.Id, row.MessageId);
}
