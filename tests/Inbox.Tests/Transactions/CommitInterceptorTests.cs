using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Transactions;

public sealed class CommitInterceptorTests(ServersFixture servers) : ArenaTests(servers)
{
    [Fact]
    public async Task An_interceptor_that_swallows_a_database_error_right_before_a_commit_costs_no_message()
    {
        var careless = new Careless();
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            RetryInAnHour(setup);
            setup.AddContext = services => services.AddDbContext<NotesContext>(options => options.UseNpgsql(setup.Postgres).AddInterceptors(careless));
        });

        await Arena.PublishAsync(new Noted("committed in the end"));

        await consumer.UntilCountAsync("inbox.handled", 1);
        Assert.Equal(2, careless.Commits);
        Assert.Equal(1, await Arena.NotesAsync());
    }

    [Fact]
    public void One_that_only_hears_of_commits_costs_no_question()
    {
        Assert.False(IsAsked(new Hearing()));
        Assert.True(IsAsked(new Careless()));

        static bool IsAsked(IInterceptor interceptor)
        {
            using var db = new NotesContext(new DbContextOptionsBuilder<NotesContext>().UseNpgsql().AddInterceptors(interceptor).Options);
            return TransactionGuard.IsFollowedByOthers(db);
        }
    }

    private sealed class Hearing : DbTransactionInterceptor
    {
        public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData)
        {
        }
    }

    /// <summary>Asks the database for something at each commit that is not important to it, and gets it wrong the first time.</summary>
    private sealed class Careless : DbTransactionInterceptor
    {
        public int Commits { get; private set; }

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            await using var command = transaction.Connection!.CreateCommand();
            command.CommandText = $"SELECT 1 / {Commits++}";
            try
            {
                await command.ExecuteScalarAsync(cancellationToken);
            }
            catch (DbException)
            {
                // Not important.
            }

            return result;
        }
    }
}
