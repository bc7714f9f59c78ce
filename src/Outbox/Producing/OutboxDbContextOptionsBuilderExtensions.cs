using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Outbox;

/// <summary>Gives a context its outbox.</summary>
public static class OutboxDbContextOptionsBuilderExtensions
{
    /// <summary>Lets <c>AddMessage</c> be called on the context. Without <paramref name="options"/> the defaults of
    /// <see cref="OutboxOptions"/> apply. Without <paramref name="serializer"/> it is the one that the context's services have, by which
    /// the inbox reads too, and <see cref="MessageSerializer.Default"/> for a context that is made without services. A relay of this
    /// process that was given the same <paramref name="options"/> hears at once of what EF Core commits, and not only through the database;
    /// of a transaction that is committed past it, such as an ambient one, through the database alone.</summary>
    public static DbContextOptionsBuilder UseOutbox(
        this DbContextOptionsBuilder builder, OutboxOptions? options = null, MessageSerializer? serializer = null)
    {
        ((IDbContextOptionsBuilderInfrastructure)builder).AddOrUpdateExtension(
            new OutboxContextOptions(options ?? new OutboxOptions(), serializer));
        return builder;
    }

    /// <inheritdoc cref="UseOutbox(DbContextOptionsBuilder, OutboxOptions?, MessageSerializer?)"/>
    public static DbContextOptionsBuilder<TContext> UseOutbox<TContext>(
        this DbContextOptionsBuilder<TContext> builder, OutboxOptions? options = null, MessageSerializer? serializer = null)
        where TContext : DbContext
    {
        UseOutbox((DbContextOptionsBuilder)builder, options, serializer);
        return builder;
    }
}
